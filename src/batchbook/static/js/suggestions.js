/* Texts that would do in a field of a form, a[data-fill]: a click puts one into its field, so that what was typed into others stays.

   a[data-fill]   data-fill   the id of the field            data-text   what is put there
   Without JavaScript the link leads to the form with that text in it. */

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-fill]");
  const field = link && document.getElementById(link.dataset.fill);
  if (!field || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  field.value = link.dataset.text;
  field.focus();
});
