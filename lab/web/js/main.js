// The lab's page. Everything on it comes from the lab over JSON and is drawn from
// state; this file only starts the parts, in the order in which they stand.
import { startChannel } from './channel.js';
import { startCoach } from './coach.js';
import { startComposer } from './composer.js';
import { startConnection } from './connection.js';
import { byId } from './dom.js';
import { drawForms } from './forms.js';
import { startKeyboard } from './keyboard.js';
import { startPinned } from './pinned.js';
import { startRail } from './rail.js';
import { startSide } from './side.js';
import { state, watch } from './state.js';
import { startStrip } from './strip.js';
import { startThread } from './thread.js';

// ?as=ben opens the page as Ben, so that three windows make a team.
const names = { ana: 'operator', ben: 'approver', dora: 'approver2', cleo: 'viewer' };
const asked = new URLSearchParams(location.search).get('as')?.toLowerCase() ?? '';
if (Object.values(names).includes(asked) || names[asked]) state.as = names[asked] ?? asked;

startStrip();
startRail();
startPinned();
startChannel();
startComposer(byId('composer'), {});
startCoach();
startThread();
startSide();
watch(drawForms, 'views', 'as');
startKeyboard();
startConnection();
byId('composer').querySelector('textarea').focus();
