/**
 * How much time a put may spend on one page. Each writes the formats of the codec; a reader never needs
 * to know which one made a block.
 */

/** The quickest search: larger blocks, for pages that will be back soon. */
export const EFFORT_FAST: u32 = 0;
/** The effort of an ordinary put. */
export const EFFORT_DEFAULT: u32 = 1;
/** Optimal parse: for pages that are cold or written once. */
export const EFFORT_HIGH: u32 = 2;
