/* Sounds that tell without a look what became of a scan, made by the browser: no files are loaded.

   play(outcome)    "success" a short high tone, "warning" two falling ones, "error" a long low one twice; nothing while sounds are off
   soundsAreOn()    whether sounds are on; they are, until somebody turns them off in this browser (batchbook.scan.sound = "off")
   setSounds(isOn)  turns them on or off */

const STORE = "batchbook.scan.sound";
/* Each tone: its pitch in Hz, when it begins, and how long it lasts, in seconds. */
const TONES = {
  success: [[1318, 0, 0.07]],
  warning: [[880, 0, 0.09], [587, 0.11, 0.14]],
  error: [[196, 0, 0.18], [196, 0.24, 0.3]],
};
const LOUDNESS = 0.12;

let context = null;
let isOn = true;

export function soundsAreOn() {
  try {
    return isOn && localStorage.getItem(STORE) !== "off";
  } catch {
    return isOn;
  }
}

export function setSounds(on) {
  isOn = on;
  try {
    if (on) localStorage.removeItem(STORE);
    else localStorage.setItem(STORE, "off");
  } catch {
    // It counts for this page, then.
  }
}

export function play(outcome) {
  if (!soundsAreOn() || !("AudioContext" in globalThis)) return;
  context ??= new AudioContext();
  context.resume().catch(() => {});
  for (const tone of TONES[outcome]) playTone(...tone);
}

function playTone(pitch, begin, length) {
  const [tone, volume] = [context.createOscillator(), context.createGain()];
  const [start, end] = [context.currentTime + begin, context.currentTime + begin + length];
  tone.frequency.value = pitch;
  tone.type = "triangle";
  // Faded in and out: a tone that is cut off clicks.
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.01);
  volume.gain.linearRampToValueAtTime(0, end);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(end);
}
