export function searchPath(path?: string): string
export function childEnv(extra?: Record<string, string | undefined>): NodeJS.ProcessEnv
export function findProgram(name: string): string | undefined
export function isRoot(): boolean
export function commandLine(command: string, args: readonly string[]): string
