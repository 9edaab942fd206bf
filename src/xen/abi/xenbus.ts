/** `enum xenbus_state` (Xen public/io/xenbus.h): the `state` key of each side of a device. */
export const XENBUS = {
  unknown: 0,
  initialising: 1,
  /** The backend has written what it can do and waits for the frontend. */
  initWait: 2,
  /** The frontend has written its rings and channels and waits for the backend. */
  initialised: 3,
  connected: 4,
  closing: 5,
  closed: 6,
  reconfiguring: 7,
  reconfigured: 8,
} as const;
