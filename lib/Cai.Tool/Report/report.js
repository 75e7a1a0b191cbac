// Draws each figure when it comes into view: a page of fifty interactive figures would take seconds to open otherwise.
(() => {
  if (!window.Plotly) return;
  const draw = holder => {
    const figure = JSON.parse(holder.querySelector('script').textContent);
    const picture = holder.querySelector('img');
    const target = document.createElement('div');
    holder.append(target);
    Plotly.newPlot(target, figure.data, { ...figure.layout, autosize: true }, { responsive: true, displaylogo: false, ...figure.config })
      .then(() => picture && picture.remove(), () => target.remove());
  };
  const seen = new IntersectionObserver(entries => {
    for (const entry of entries)
      if (entry.isIntersecting) {
        seen.unobserve(entry.target);
        draw(entry.target);
      }
  }, { rootMargin: '400px' });
  for (const holder of document.querySelectorAll('.figure')) seen.observe(holder);
})();
