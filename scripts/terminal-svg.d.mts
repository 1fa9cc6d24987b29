export function terminalSvg(screen: string, columns: number, title: string): string;
