/* Tells the server by itself that the reader has looked at the comments that mention them, once these are in sight.

   [data-mentions]   has the form by which people do it without this module; it is hidden when it was sent */

const places = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) if (isIntersecting) tell(target);
});

async function tell(place) {
  places.unobserve(place);
  const form = place.querySelector("form");
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok) place.hidden = true;
}

for (const place of document.querySelectorAll("[data-mentions]")) places.observe(place);
