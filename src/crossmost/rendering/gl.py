"""The only module that talks to OpenGL, on pyrender's building blocks; importing it needs the EGL libraries.

pyrender draws one view per call, with much Python work for each primitive and each picture read back. Here all
views of an object are tiles of one framebuffer: the geometry is sent once, each batch of triangles is bound once,
and one picture is read back. The shader is our own: pyrender's neither lights back faces nor masks by alpha.
Transparent surface covers a share of the samples of a pixel, which needs no sorting of triangles. Samples come
from drawing larger and averaging: in software that is faster than the multisampling that pyrender uses.
"""

from __future__ import annotations

import os
import threading

# Both are read when the libraries load. llvmpipe: one thread per process, as there is one process per core.
os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
os.environ.setdefault("LP_NUM_THREADS", "1")

import numpy as np
from OpenGL import GL
from OpenGL.GL import shaders
from pyrender import Primitive, Sampler, Texture
from pyrender.platforms import egl

from crossmost.geometry.surfaces import Surface

VERTEX_SHADER = """
#version 330 core
layout(location = 0) in vec3 position;
layout(location = 1) in vec2 uv;
layout(location = 2) in vec4 color;
uniform mat4 world_to_clip;
out vec3 world_position;
out vec2 texture_position;
out vec4 tint;
void main() {
    gl_Position = world_to_clip * vec4(position, 1.0);
    world_position = position;
    texture_position = uv;
    tint = color;
}
"""
# Normals come from the triangle itself: meshes with missing, wrong or inside-out normals look right.
FRAGMENT_SHADER = """
#version 330 core
in vec3 world_position;
in vec2 texture_position;
in vec4 tint;
uniform sampler2D image;
uniform vec3 eye;
uniform vec3 to_light;
uniform float side;  // samples of a pixel in each direction
out vec4 color;
void main() {
    vec4 albedo = tint * texture(image, texture_position);
    vec2 place = mod(floor(gl_FragCoord.xy), side);
    float samples = side * side;
    // Each sample of a pixel has a threshold of its own; a single sample shows whatever is not nearly invisible.
    float threshold = samples > 1.0 ? (mod(5.0 * (place.x + side * place.y), samples) + 0.5) / samples : 0.25;
    if (albedo.a < threshold) discard;
    vec3 to_eye = normalize(eye - world_position);
    vec3 normal = cross(dFdx(world_position), dFdy(world_position));
    float size = length(normal);
    normal = size > 1e-20 ? normal / size : to_eye;
    if (dot(normal, to_eye) < 0.0) normal = -normal;
    float sky = 0.5 + 0.5 * normal.y;
    float key = max(dot(normal, to_light), 0.0);
    float light = 0.42 + 0.12 * sky + 0.44 * key;
    vec3 sheen = vec3(0.03 + 0.08 * key * key) * (1.0 - albedo.rgb);  // the shape of black things
    color = vec4(albedo.rgb * light + sheen, 1.0);
}
"""
LIGHT_IN_CAMERA = np.array([-0.35, 0.45, 0.82])  # over the photographer's left shoulder
WHITE = np.full((1, 1, 4), 255, dtype=np.uint8)


class Context(egl.EGLPlatform):
    """An OpenGL context that is current only inside `with`, so that any thread may use it, one at a time."""

    def __init__(self) -> None:
        super().__init__(1, 1, device=egl.get_device_by_index(int(os.environ.get("EGL_DEVICE_ID", "0"))))
        self._lock = threading.Lock()
        self.init_context()
        self.make_uncurrent()

    def make_uncurrent(self) -> None:
        """pyrender leaves the context with the thread that made it."""
        # Not `from OpenGL import EGL`: imported before OpenGL.GL.shaders, it makes that import fail (PyOpenGL 3.1.0).
        no_surface, no_context = egl.egl.EGL_NO_SURFACE, egl.egl.EGL_NO_CONTEXT
        egl.egl.eglMakeCurrent(self._egl_display, no_surface, no_surface, no_context)

    def __enter__(self) -> None:
        self._lock.acquire()
        self.make_current()

    def __exit__(self, *error: object) -> None:
        self.make_uncurrent()
        self._lock.release()


class TileRenderer:
    """Draws all views of one object into the tiles of one framebuffer; for use inside a context."""

    def __init__(self) -> None:
        # A vertex array must be bound while a program is validated.
        GL.glBindVertexArray(GL.glGenVertexArrays(1))
        self._program = shaders.compileProgram(
            shaders.compileShader(VERTEX_SHADER, GL.GL_VERTEX_SHADER),
            shaders.compileShader(FRAGMENT_SHADER, GL.GL_FRAGMENT_SHADER),
        )
        GL.glBindVertexArray(0)
        names = ("world_to_clip", "eye", "to_light", "image", "side")
        self._uniforms = {name: GL.glGetUniformLocation(self._program, name) for name in names}
        self._framebuffer = GL.glGenFramebuffers(1)
        self._color_buffer, self._depth_buffer = GL.glGenRenderbuffers(2)
        self._dimensions = (0, 0)

    def draw(
        self,
        surfaces: tuple[Surface, ...],
        poses: np.ndarray,
        projections: np.ndarray,
        size: int,
        *,
        samples: int = 1,
        depth: bool = False,
    ) -> np.ndarray:
        """Draw views of an object.

        Args:
            surfaces: the object.
            poses: (V, 4, 4) camera-to-world.
            projections: (V, 4, 4) camera-to-clip.
            size: width and height of a view, in samples.
            samples: how many samples in each direction will be averaged to a pixel; divides `size`.
            depth: give the depth buffer instead of colors.

        Returns:
            (V, size, size, 3) uint8 RGB on white; or (V, size, size) float32 of the depth buffer, 1 where empty.
        """
        columns = min(len(poses), max(1, 2048 // size))
        rows = -(-len(poses) // columns)
        self._bind_framebuffer(columns * size, rows * size)
        GL.glDisable(GL.GL_CULL_FACE)
        GL.glDisable(GL.GL_BLEND)
        GL.glEnable(GL.GL_DEPTH_TEST)
        GL.glClearColor(1.0, 1.0, 1.0, 1.0)
        GL.glClear(GL.GL_COLOR_BUFFER_BIT | GL.GL_DEPTH_BUFFER_BIT)
        GL.glUseProgram(self._program)
        GL.glUniform1i(self._uniforms["image"], 0)
        GL.glUniform1f(self._uniforms["side"], samples)
        tiles = [(size * (view % columns), size * (view // columns)) for view in range(len(poses))]
        for surface in surfaces:
            self._draw_surface(surface, tiles, poses, projections, size)
        GL.glUseProgram(0)
        picture = self._read(depth)
        # (rows, size, columns, size, …) from the bottom up → (V, size, size, …)
        channels = picture.shape[2:]
        views = picture.reshape(rows, size, columns, size, *channels).swapaxes(1, 2)
        views = views.reshape(rows * columns, size, size, *channels)[: len(poses)]
        return np.ascontiguousarray(views[:, ::-1])

    def _draw_surface(
        self,
        surface: Surface,
        tiles: list[tuple[int, int]],
        poses: np.ndarray,
        projections: np.ndarray,
        size: int,
    ) -> None:
        primitive = Primitive(
            positions=surface.vertices, texcoord_0=surface.uv, color_0=surface.colors, indices=surface.faces
        )
        texture = Texture(
            sampler=Sampler(wrapS=GL.GL_REPEAT, wrapT=GL.GL_REPEAT),
            source=WHITE if surface.texture is None else surface.texture,
            source_channels="RGBA",
        )
        try:
            primitive._add_to_context()
            texture._add_to_context()
            GL.glActiveTexture(GL.GL_TEXTURE0)
            texture._bind()
            primitive._bind()
            for (left, bottom), pose, projection in zip(tiles, poses, projections, strict=True):
                # What leaves the viewport is clipped, so tiles cannot touch each other.
                GL.glViewport(left, bottom, size, size)
                world_to_clip = (projection @ np.linalg.inv(pose)).astype(np.float32)
                GL.glUniformMatrix4fv(self._uniforms["world_to_clip"], 1, GL.GL_TRUE, world_to_clip)
                GL.glUniform3f(self._uniforms["eye"], *pose[:3, 3])
                GL.glUniform3f(self._uniforms["to_light"], *(pose[:3, :3] @ LIGHT_IN_CAMERA))
                GL.glDrawElements(GL.GL_TRIANGLES, surface.faces.size, GL.GL_UNSIGNED_INT, None)
                # llvmpipe would collect the triangles of all views first: slower, and hundreds of MB.
                GL.glFinish()
        finally:
            primitive.delete()
            texture.delete()

    def _bind_framebuffer(self, width: int, height: int) -> None:
        GL.glBindFramebuffer(GL.GL_FRAMEBUFFER, self._framebuffer)
        if self._dimensions == (width, height):
            return
        for buffer, content, attachment in (
            (self._color_buffer, GL.GL_RGBA8, GL.GL_COLOR_ATTACHMENT0),
            (self._depth_buffer, GL.GL_DEPTH_COMPONENT24, GL.GL_DEPTH_ATTACHMENT),
        ):
            GL.glBindRenderbuffer(GL.GL_RENDERBUFFER, buffer)
            GL.glRenderbufferStorage(GL.GL_RENDERBUFFER, content, width, height)
            GL.glFramebufferRenderbuffer(GL.GL_FRAMEBUFFER, attachment, GL.GL_RENDERBUFFER, buffer)
        self._dimensions = (width, height)

    def _read(self, depth: bool) -> np.ndarray:
        """The whole framebuffer from the bottom up: (height, width, 3) uint8, or (height, width) float32."""
        width, height = self._dimensions
        GL.glPixelStorei(GL.GL_PACK_ALIGNMENT, 1)
        if depth:
            content = GL.glReadPixels(0, 0, width, height, GL.GL_DEPTH_COMPONENT, GL.GL_FLOAT)
            return np.frombuffer(content, dtype=np.float32).reshape(height, width)
        content = GL.glReadPixels(0, 0, width, height, GL.GL_RGB, GL.GL_UNSIGNED_BYTE)
        return np.frombuffer(content, dtype=np.uint8).reshape(height, width, 3)
