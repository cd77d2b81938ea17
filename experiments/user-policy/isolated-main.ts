import type { Setup } from './isolated-seat.ts';
import { type Order, Seat } from './seat.ts';

/** The process of an isolated policy: hands each order to a thread, and the reply back. */
let seat: Seat | null = null;

process.on('message', (message: Setup | Order) => {
  if ('limits' in message) seat = new Seat(message.code, message.limits);
  else void seat!.do(message).then((reply) => process.send!(reply));
});
process.on('disconnect', () => process.exit());
