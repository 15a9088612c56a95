/* A file may be dropped anywhere on the zone around its input.

   [data-dropzone]   holds one <input type="file">; is marked .is-over while a file hovers. The hint gives the size of what was chosen. */

function sizeInWords(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  let step = 0;
  for (; bytes >= 1000 && step < units.length - 1; step += 1) bytes /= 1000;
  return `${step ? bytes.toFixed(1) : bytes} ${units[step]}`;
}

function upgrade(zone) {
  const input = zone.querySelector("input[type=file]");
  const hint = zone.querySelector(".dropzone-hint");
  const invitation = hint?.textContent;
  const tell = () => {
    const [file] = input.files;
    if (hint) hint.textContent = file ? sizeInWords(file.size) : invitation;
  };
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    const chosen = new DataTransfer();
    for (const file of [...event.dataTransfer.files].slice(0, input.multiple ? undefined : 1)) chosen.items.add(file);
    input.files = chosen.files;
    tell();
  });
  input.addEventListener("change", tell);
}

document.querySelectorAll("[data-dropzone]").forEach(upgrade);
