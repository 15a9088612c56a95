/* Messages can be dismissed, and menus close when one looks elsewhere.

   [data-flash]     gets a button that removes it. Messages stay until they are dismissed: nobody is hurried.
   details.menu     closes on Escape and on a click outside it. */

function dismissable(message) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "notice-close";
  close.setAttribute("aria-label", "Dismiss this message");
  close.textContent = "×";
  close.addEventListener("click", () => {
    message.remove();
    document.getElementById("main")?.focus({ preventScroll: true });
  });
  message.append(close);
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.querySelectorAll("[data-flash]").forEach(dismissable);

document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
