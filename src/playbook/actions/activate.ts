import { own } from './own.ts';

export const activate = own('activate', 'Puts the node back in and sees it active on every proxy.', 'node');
