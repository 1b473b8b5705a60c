/** The version of this package, as a constant so that nothing is read at start; a test holds it to package.json. */
export const version = '0.1.0'
