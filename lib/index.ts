/** ethercast: a virtual Ethernet for Node.js. */

export { connect } from './connect.js'
export type { ConnectOptions, ListeningNic, ListeningText } from './connect.js'
export type { FrameBatch } from './frame_batch.js'
export { HostPort } from './host_port.js'
export type { WaitOptions } from './host_port.js'
export {
  attachDevice,
  detachDevice,
  hasDevice,
  listGuests,
  Mconsole,
  MconsoleError,
  MconsoleNotify,
} from './mconsole/index.js'
export type {
  AttachedDevice,
  FindOptions,
  FoundGuest,
  MconsoleOptions,
  Notice,
  NoticeDrops,
  NoticeFault,
  NoticeType,
  NotifyOptions,
  RequestOptions,
} from './mconsole/index.js'
export { Port } from './port.js'
export type { PortEvent, PortReport, PortState } from './port.js'
export {
  EthercastError,
  formatMac,
  formatSpec,
  macFromIpv4,
  parseMac,
  parseSpec,
  randomMac,
} from './spec/index.js'
export type {
  ErrorCode,
  ErrorDetails,
  HostObject,
  HostSpec,
  McastObject,
  McastSpec,
  PcapObject,
  PcapSpec,
  PortSpec,
  SpecObject,
  TuntapObject,
  TuntapSpec,
  UcastObject,
  UcastSpec,
} from './spec/index.js'
export type { PortStats } from './stats.js'
export type { Station, StationOptions } from './stations.js'
export { Switch } from './switch.js'
export type { SwitchOptions } from './switch_options.js'
