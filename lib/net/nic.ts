/**
 * The one thing the user-space protocols need of a network interface. A host port has this shape; so has the hub that the tests use.
 */

/** A network interface: whole Ethernet frames in and out, no FCS. */
export interface Nic {
  /** Its station address, `fe:fd:00:00:00:01`. */
  readonly mac: string
  /**
   * Sends one frame or several, in order, without waiting. The octets are copied before it returns.
   *
   * @returns how many were accepted; the rest were dropped
   */
  send(frames: Uint8Array | readonly Uint8Array[]): number
  /**
   * Everything that is waiting, batch by batch. The frames are views and valid until the next batch is asked for.
   *
   * Aborting the signal ends the iteration, quietly or with the signal's reason.
   */
  frames(options?: { signal?: AbortSignal }): AsyncIterable<Iterable<Uint8Array>>
}
