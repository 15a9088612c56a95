/* button[data-print]   prints the page; it is hidden where scripts do not run */

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
