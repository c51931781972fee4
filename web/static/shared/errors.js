/**
 * Return the message of anything that was thrown.
 *
 * @param {unknown} error
 */
export const getErrorMessage = (error) => (error instanceof Error ? error.message : String(error));
