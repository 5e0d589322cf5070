// Where the program is: `STATOR_BINARY`, or else the file in this platform's package, which npm installs beside this one.
"use strict";

// The package that has the program for a platform, by the names that Node.js has for it. Its binaries are static, so that
// one serves glibc and musl alike.
const PACKAGES = {
  "linux x64": "stator-db-linux-x64",
  "linux arm64": "stator-db-linux-arm64",
};

function binary(env = process.env, platform = process.platform, arch = process.arch) {
  if (env.STATOR_BINARY) return env.STATOR_BINARY;
  const name = PACKAGES[`${platform} ${arch}`];
  if (name === undefined) {
    throw new Error(
      `stator: there is no program for ${platform} ${arch}. Build one with cargo, and set STATOR_BINARY to its path.`,
    );
  }
  try {
    return require.resolve(`${name}/stator`);
  } catch {
    throw new Error(
      `stator: the package ${name} is not installed. npm leaves it out with --omit=optional or --no-optional, and if ` +
        `node_modules was copied from another platform; install again, or set STATOR_BINARY to the program's path.`,
    );
  }
}

module.exports = { binary, PACKAGES };
