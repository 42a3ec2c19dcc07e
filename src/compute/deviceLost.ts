/** The device under a session went away: unplugged, reset, out of memory, or taken by the browser. */
export class DeviceLost extends Error {
  override readonly name = 'DeviceLost';
}
