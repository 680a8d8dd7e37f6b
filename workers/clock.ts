/** The clock worker: keeps the time of one lab. A worker, because timers of hidden pages are throttled and those of workers are not. */
import * as Comlink from 'comlink';
import { createTimeKeeper } from '#host/browser';

Comlink.expose(createTimeKeeper());
