// QEMU without a machine: only its net devices, joined by its hub. A bridge nobody of us wrote.
import type { Host } from './host.js'
import type { Running } from './running.js'

/** `tap,ifname=t0` and `socket,mcast=…` become `-netdev tap,id=n0,ifname=t0 …` on one hub; on one processor alone, if asked. */
export async function startQemuHub(host: Host, netdevs: readonly string[], cpu?: number): Promise<Running> {
  const nothing = ['-M', 'none', '-nodefaults', '-display', 'none', '-monitor', 'none', '-serial', 'none']
  const devices = netdevs.flatMap((netdev, i) => ['-netdev', netdev.replace(/^[^,]+/, `$&,id=n${i}`)])
  const hub = netdevs.flatMap((_, i) => ['-netdev', `hubport,id=h${i},hubid=0,netdev=n${i}`])
  const command = ['qemu-system-x86_64', ...nothing, '-qmp', 'stdio', ...devices, ...hub]
  const [program, ...args] = cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command]
  const qemu = host.spawn(program!, args)
  // Its main loop answers only when all net devices are open.
  qemu.write('{"execute":"qmp_capabilities"}\n')
  await qemu.waitForLine(/^\{"return": \{\}\}/)
  return qemu
}
