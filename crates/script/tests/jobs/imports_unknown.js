// state: {}
import { x } from 'node:fs';
fn(() => x);
