/** A dispatcher list as 6.1.4 answers it: the keys of 5.6.3 and more. */
export const DISPATCHER_LIST_6_1 = {
  NRSETS: 2,
  RECORDS: [
    {
      SET: {
        ID: 1,
        TARGETS: [
          {
            DEST: {
              IDX: 0,
              IUID: '6922a1c4-0001',
              URI: 'sip:10.0.1.11:5080',
              FLAGS: 'AP',
              PRIORITY: 10,
              PROBING_COUNT: 0,
              ATTRS: {
                BODY: 'duid=fs2;weight=50',
                DUID: 'fs2',
                MAXLOAD: 0,
                WEIGHT: 50,
                RWEIGHT: 0,
                SOCKET: null,
                SOCKNAME: null,
                OBPROXY: null,
                OCRATE: 0,
              },
              LATENCY: { AVG: 0.1, STD: 0.01, EST: 0.09, MAX: 1, TIMEOUT: 0 },
              RUNTIME: { DLGLOAD: 0 },
            },
          },
          { DEST: { IDX: 1, IUID: '6922a1c4-0002', URI: 'sip:10.0.1.10:5080', FLAGS: 'DX', PRIORITY: 0 } },
        ],
      },
    },
    {
      SET: {
        ID: 2,
        TARGETS: [
          { DEST: { IDX: 0, IUID: '6922a1c4-0003', URI: 'sip:10.0.1.10:5080', FLAGS: 'AN', PRIORITY: 0 } },
        ],
      },
    },
  ],
};
