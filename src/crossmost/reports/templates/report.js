"use strict";
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Figures leave the colors of text and grid to the page, so that they follow light and dark.
  const template = () => {
    const axis = {
      gridcolor: color("--line"), zerolinecolor: color("--line"), linecolor: color("--line"),
      tickcolor: color("--line"), showgrid: true, zeroline: false,
      title: { standoff: 8 },
    };
    return {
      layout: {
        font: { color: color("--ink") },
        xaxis: axis,
        yaxis: axis,
        hoverlabel: { bgcolor: color("--card"), bordercolor: color("--line"), font: { color: color("--ink") } },
      },
      data: { heatmap: [{ textfont: { color: color("--ink") } }] },
    };
  };
  let printing = false;
  const config = { displayModeBar: false, displaylogo: false, scrollZoom: false };

  const drawFigure = (source) => {
    const figure = JSON.parse(source.textContent);
    const place = document.getElementById(source.dataset.plot);
    // Dragging would zoom: on a phone it must scroll the page instead.
    const layout = { ...figure.layout, template: template(), dragmode: false, autosize: true };
    return Plotly.react(place, figure.data, layout, config);
  };

  const decode = (text) => {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new Int16Array(bytes.buffer);
  };

  // A small point viewer on a plain canvas: browsers allow only a few WebGL pictures per page.
  class Cloud {
    constructor(canvas) {
      this.canvas = canvas;
      this.points = decode(canvas.dataset.points);
      this.yaw = 0.6;
      this.pitch = 0.35;
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        this.last = [event.clientX, event.clientY];
      });
      canvas.addEventListener("pointermove", (event) => {
        if (!this.last) return;
        this.yaw += (event.clientX - this.last[0]) * 0.012;
        this.pitch = Math.max(-1.5, Math.min(1.5, this.pitch + (event.clientY - this.last[1]) * 0.012));
        this.last = [event.clientX, event.clientY];
        this.draw();
      });
      canvas.addEventListener("keydown", (event) => {
        const turn = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] }[event.key];
        if (!turn) return;
        event.preventDefault();
        this.yaw += turn[0];
        this.pitch = Math.max(-1.5, Math.min(1.5, this.pitch + turn[1]));
        this.draw();
      });
      for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { this.last = null; });
      this.draw();
    }

    draw() {
      const { canvas, points } = this;
      const context = canvas.getContext("2d");
      const side = canvas.width;
      const count = points.length / 3;
      const [cosYaw, sinYaw] = [Math.cos(this.yaw), Math.sin(this.yaw)];
      const [cosPitch, sinPitch] = [Math.cos(this.pitch), Math.sin(this.pitch)];
      const projected = [];
      for (let index = 0; index < count; index += 1) {
        const [x, y, z] = [0, 1, 2].map((axis) => points[3 * index + axis] / 32767);
        const across = cosYaw * x + sinYaw * z;
        const away = -sinYaw * x + cosYaw * z;
        projected.push([across, cosPitch * y - sinPitch * away, sinPitch * y + cosPitch * away, y]);
      }
      projected.sort((a, b) => a[2] - b[2]);
      context.clearRect(0, 0, side, side);
      for (const [across, up, depth, height] of projected) {
        const near = Math.max(0, Math.min(1, (depth + 1.2) / 2.4));
        const lightness = dark.matches && !printing ? 38 + 34 * near : 66 - 34 * near;
        context.fillStyle = `hsl(${212 + 60 * height} 62% ${lightness}%)`;
        const size = 1.6 + 2 * near;
        context.fillRect(side * (0.5 + 0.36 * across) - size / 2, side * (0.5 - 0.36 * up) - size / 2, size, size);
      }
    }
  }

  // A picture of the object beside its dot on the map.
  const showThumbnails = (plot, pictures) => {
    const frame = document.createElement("div");
    frame.className = "thumbnail";
    frame.hidden = true;
    const image = frame.appendChild(document.createElement("img"));
    image.alt = "";
    document.body.append(frame);
    plot.on("plotly_hover", ({ points, event }) => {
      const picture = pictures[points[0].customdata[0]];
      if (!picture) return;
      image.src = picture;
      frame.hidden = false;
      const left = event.clientX + 104 > window.innerWidth ? event.clientX - 100 : event.clientX + 16;
      frame.style.left = `${left}px`;
      frame.style.top = `${Math.max(4, event.clientY - 100)}px`;
    });
    plot.on("plotly_unhover", () => { frame.hidden = true; });
    window.addEventListener("scroll", () => { frame.hidden = true; }, { passive: true });
  };

  const sources = [...document.querySelectorAll("script[data-plot]")];
  const clouds = [...document.querySelectorAll("canvas.cloud")].map((canvas) => new Cloud(canvas));
  // Plotly's own "responsive" listens to the window only; a plot's box also changes when the page's layout does.
  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) if (target.offsetWidth && target.data) Plotly.Plots.resize(target);
  });
  const drawn = Promise.all(sources.map(drawFigure));
  drawn.then((plots) => {
    plots.forEach((plot) => resized.observe(plot));
    const pictures = document.getElementById("thumbnails");
    if (pictures) {
      const read = JSON.parse(pictures.textContent);
      plots.filter((plot) => plot.id.startsWith("map-")).forEach((plot) => showThumbnails(plot, read));
    }
    document.documentElement.dataset.ready = String(plots.length);
  });
  const redraw = () => {
    sources.forEach(drawFigure);
    clouds.forEach((cloud) => cloud.draw());
  };
  dark.addEventListener("change", redraw);
  // Paper is white, whatever the screen is.
  window.matchMedia("print").addEventListener("change", ({ matches }) => {
    printing = matches;
    redraw();
  });
})();
