/* A click with Shift on a heading adds it to the keys of the order, as the small link beside it does.

   a[data-sort-more]   the link of a heading; the attribute is the address of the list sorted by this column as well */

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-sort-more]");
  if (!link || !event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault(); // A browser would open a window.
  location.assign(link.dataset.sortMore);
});
