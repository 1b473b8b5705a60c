'use strict'
// npm run build: writes dist/, always anew.
require('./prepare.cjs').build(true)
