/** The management console of User-Mode Linux guests: commands, devices added and taken away, notices. */

export { attachDevice, detachDevice, hasDevice } from './attach.js'
export type { AttachedDevice } from './attach.js'
export { commandNames, COMMANDS } from './commands.js'
export type { CommandInfo, CommandName } from './commands.js'
export { MconsoleError } from './error.js'
export { listGuests } from './guests.js'
export type { FindOptions, FoundGuest } from './guests.js'
export { Mconsole } from './mconsole.js'
export type { MconsoleOptions, RequestOptions } from './mconsole.js'
export { MconsoleNotify } from './notify.js'
export type { NoticeDrops, NotifyOptions } from './notify.js'
export type { Notice, NoticeFault, NoticeType } from './protocol.js'
