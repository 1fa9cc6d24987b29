import { own } from './own.ts';

export const fence = own('fence', 'Pauses the inbound side of the node and counts again.', 'node');
