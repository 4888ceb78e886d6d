/** The devpi-server whose interface we speak: clients switch features by it (reference devpi.md 11). */
export const DEVPI_VERSION = '6.19.1';
