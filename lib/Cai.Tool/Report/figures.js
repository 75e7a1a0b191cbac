// Draws each figure when it comes into view: a page of fifty interactive figures would take seconds to open otherwise.
// Title and caption are set in HTML, where text wraps; panels stand one below the other where they would be too narrow.
(() => {
  // Where it cannot be unpacked the pictures stay.
  if (!window.DecompressionStream) return;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const narrow = 640;
  const drawn = new Map();

  // plotly.js stands in the page packed; the page's policy knows the hash of its text.
  const unpack = async () => {
    const packed = Uint8Array.from(atob(document.getElementById('plotly').textContent), letter => letter.charCodeAt(0));
    const script = document.createElement('script');
    script.textContent = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
    document.head.append(script);
  };
  let unpacked;

  const words = text => text.replaceAll('<br>', ' ').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

  // The palette's black and Plotly's greys are made for white paper.
  const onDark = json => json.replaceAll('"#000000"', '"#e4e7eb"').replaceAll('"rgba(0,0,0,', '"rgba(228,231,235,');

  const axes = (layout, letter) => Object.keys(layout).filter(key => key.startsWith(letter + 'axis')).sort().map(key => layout[key]);

  const stack = layout => {
    // Labels and names that a neighbour had.
    for (const [key, text] of Object.entries(layout.meta ?? {})) if (layout[key]) layout[key].title = { text };
    for (const y of axes(layout, 'y')) if (y.showticklabels === false) y.showticklabels = true;
    const [xs, ys] = [axes(layout, 'x'), axes(layout, 'y')];
    const titles = layout.annotations.filter(note => note.name === 'panel');
    const gap = 0.32 / ys.length;
    const height = (1 - (ys.length - 1) * gap) / ys.length;
    ys.forEach((y, i) => {
      const top = 1 - i * (height + gap);
      y.domain = [Math.max(0, top - height), top];
      xs[i].domain = [0, 1];
      if (titles[i]) Object.assign(titles[i], { x: 0.5, y: y.domain[1] });
    });
  };

  const prepare = holder => {
    const source = holder.querySelector('script').textContent;
    const { data, layout, config } = JSON.parse(dark.matches ? onDark(source) : source);
    const caption = (layout.annotations ?? []).find(note => note.name === 'caption');
    const title = layout.title?.text;
    const width = holder.clientWidth;
    const panels = axes(layout, 'x').length;
    const columns = new Set(axes(layout, 'x').map(axis => axis.domain?.[0] ?? 0)).size;
    const stacked = columns > 1 && width / columns < (columns > 2 ? 220 : narrow / 2);
    const entries = new Set([...data, ...(layout.shapes ?? []).filter(shape => shape.showlegend)]
      .filter(mark => mark.showlegend !== false).map(mark => mark.name)).size;
    const { t = 60, b = 60 } = layout.margin ?? {};
    const plot = (layout.height ?? 450) - t - b;
    layout.annotations = (layout.annotations ?? []).filter(note => note.name !== 'caption');
    delete layout.title;
    const lines = Math.max(...axes(layout, 'x').flatMap(axis => axis.ticktext ?? []).map(text => text.split('<br>').length), 1);
    layout.margin = { l: 64, r: 16, t: panels > 1 ? 34 : 14, b: 40 + 14 * lines };
    // Names beside lying bars need every pixel of their rows.
    const lying = data.some(trace => trace.orientation === 'h') ? (stacked ? panels : 1) * (layout.margin.t + layout.margin.b) : 0;
    layout.height = (stacked ? panels * Math.max(300, plot * columns / panels) : plot) + lying + 14 * (lines - 1) + 22 * Math.ceil(entries / (width < narrow ? 2 : 5));
    layout.autosize = true;
    if (width < narrow) {
      layout.margin = { ...layout.margin, l: 54, r: 8 };
      layout.font = { size: 11 };
    }
    if (stacked) stack(layout);
    if (panels > 1) layout.legend = { ...layout.legend, y: 1 + 30 / layout.height };
    if (dark.matches) {
      layout.paper_bgcolor = layout.plot_bgcolor = 'rgba(0,0,0,0)';
      layout.font = { ...layout.font, color: '#e4e7eb' };
      for (const axis of [...axes(layout, 'x'), ...axes(layout, 'y')]) Object.assign(axis, { gridcolor: '#333a43', linecolor: '#9aa4b1' });
      for (const trace of data) if (trace.type === 'bar' && (trace.error_y ?? trace.error_x)) (trace.error_y ?? trace.error_x).color = '#e4e7eb';
    }
    return { data, layout, config: { responsive: true, displaylogo: false, ...config }, title, caption: caption?.text };
  };

  const element = (name, parent, text) => {
    const made = document.createElement(name);
    if (text) made.textContent = words(text);
    parent.append(made);
    return made;
  };

  const draw = async holder => {
    await (unpacked ??= unpack());
    const picture = holder.querySelector('img');
    const figure = prepare(holder);
    const frame = element('figure', holder);
    if (figure.title) element('strong', frame, figure.title);
    const target = element('div', frame);
    if (figure.caption) element('figcaption', frame, figure.caption);
    Plotly.newPlot(target, figure.data, figure.layout, figure.config).then(() => {
      picture?.remove();
      drawn.set(holder, target);
    }, () => frame.remove());
  };

  dark.addEventListener('change', () => {
    for (const [holder, target] of drawn) {
      const figure = prepare(holder);
      Plotly.react(target, figure.data, figure.layout, figure.config);
    }
  });
  const seen = new IntersectionObserver(entries => {
    for (const entry of entries)
      if (entry.isIntersecting) {
        seen.unobserve(entry.target);
        draw(entry.target);
      }
  }, { rootMargin: '400px' });
  for (const holder of document.querySelectorAll('.figure')) seen.observe(holder);
})();
