/** What draws attention to a new problem where somebody wishes it: a sound, and a notification of the browser. */

const TONE_HZ = 660;
const SECONDS = 0.25;

/** Play two short tones. Where the browser plays nothing before a person has done something, nothing is played. */
export function ring(): void {
  try {
    const audio = new AudioContext();
    for (const [at, hz] of [
      [0, TONE_HZ],
      [SECONDS, TONE_HZ * 0.75],
    ] as const) {
      const [tone, volume] = [audio.createOscillator(), audio.createGain()];
      tone.frequency.value = hz;
      volume.gain.setValueAtTime(0.15, audio.currentTime + at);
      volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + SECONDS);
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + SECONDS);
    }
    setTimeout(() => audio.close(), 4 * SECONDS * 1000);
  } catch {
    // a browser without sound
  }
}

/** Show a notification of the browser, if it may be shown; a click on it leads to the page. */
export function notify(title: string, text: string): void {
  if (globalThis.Notification?.permission !== "granted") return;
  const shown = new Notification(title, { body: text, tag: "livingmap" });
  shown.onclick = () => {
    window.focus();
    shown.close();
  };
}

/** Ask whether notifications may be shown; false where the browser or the person says no. */
export async function mayNotify(): Promise<boolean> {
  if (!globalThis.Notification) return false;
  return (await Notification.requestPermission()) === "granted";
}
