/** A file of format 2 around some objects; `more` follows the machine. */
export function xml(cpuset: string, objects: string, more = '', machine = ''): string {
  return `<topology version="2.0"><object type="Machine" os_index="0" cpuset="${cpuset}" ${machine}>${objects}</object>${more}</topology>`;
}
export const pu = (id: number): string => `<object type="PU" os_index="${id}" cpuset="${hex([id])}"/>`;
export const node = (id: number, cpus: readonly number[], more = ''): string =>
  `<object type="NUMANode" os_index="${id}" cpuset="${hex(cpus)}" gp_index="${100 + id}" ${more}/>`;
export const hex = (ids: readonly number[]): string => `0x${ids.reduce((sum, id) => sum + 2 ** id, 0).toString(16)}`;
