/** A shader for plain colour. The usual one looks into up to sixteen textures for each dot of the ground, for nothing. */

import {
  colorBitGl,
  compileHighShaderGlProgram,
  type Graphics,
  localUniformBitGl,
  Matrix,
  roundPixelsBitGl,
  Shader,
  UniformGroup,
} from "pixi.js";

const PLAIN = { name: "plain-colour", fragment: { main: "outColor = vec4(1.0);" } };

/** Return the shader; all that is drawn with it on one renderer may share it. */
export function flatShader(): Shader {
  return new Shader({
    glProgram: compileHighShaderGlProgram({
      name: "flat",
      bits: [colorBitGl, PLAIN, localUniformBitGl, roundPixelsBitGl],
    }),
    resources: {
      localUniforms: new UniformGroup({
        uColor: { value: new Float32Array([1, 1, 1, 1]), type: "vec4<f32>" },
        uTransformMatrix: { value: new Matrix(), type: "mat3x3<f32>" },
        uRound: { value: 0, type: "f32" },
      }),
    },
  });
}

/** Draw `graphics` in plain colour. */
export function flatten(graphics: Graphics, shader: Shader): Graphics {
  graphics.context.customShader = shader;
  return graphics;
}
