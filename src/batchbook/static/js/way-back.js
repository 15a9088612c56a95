/* a[data-back]   goes back to the page before, if that is a page of this site, rather than opening it anew: browsers then restore what
                  was typed there. Without scripts the link opens the page anew. */

document.addEventListener("click", (event) => {
  const isOurs = document.referrer && new URL(document.referrer).origin === location.origin;
  if (!event.target.closest("a[data-back]") || !isOurs || history.length < 2 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.back();
});
