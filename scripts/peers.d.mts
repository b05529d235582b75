export interface Peer {
  readonly name: string
  readonly program: string
  readonly package: string
  readonly neededFor: string
}
export const peers: readonly Peer[]
export function havePeer(peer: Peer): boolean
export function missingPeers(): Peer[]
export function installCommand(missing: readonly Peer[]): string
export function installPeers(missing?: readonly Peer[]): Promise<{ missing: Peer[]; command: string }>
