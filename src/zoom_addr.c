/* IANA's registries of addresses for special purposes. */

#include <stddef.h>
#include <string.h>

#include "zoom_addr.h"


typedef struct {
    unsigned char         addr[16];
    unsigned              bits;
} zoom_addr_net_t;


static int zoom_addr_in(const unsigned char *addr, const zoom_addr_net_t *net);


static const zoom_addr_net_t  zoom_addr_inner4[] = {
    { { 0 }, 8 },                    /* this network */
    { { 10 }, 8 },                   /* private */
    { { 100, 64 }, 10 },             /* shared, behind a provider's NAT */
    { { 127 }, 8 },                  /* loopback */
    { { 169, 254 }, 16 },            /* link-local, metadata of clouds */
    { { 172, 16 }, 12 },             /* private */
    { { 192, 0, 0 }, 24 },           /* protocols of the IETF */
    { { 192, 0, 2 }, 24 },           /* documentation */
    { { 192, 88, 99 }, 24 },         /* relays of 6to4 */
    { { 192, 168 }, 16 },            /* private */
    { { 198, 18 }, 15 },             /* benchmarks */
    { { 198, 51, 100 }, 24 },        /* documentation */
    { { 203, 0, 113 }, 24 },         /* documentation */
    { { 224 }, 3 }                   /* multicast, reserved, broadcast */
};


static const zoom_addr_net_t  zoom_addr_global6 = { { 0x20 }, 3 };


static const zoom_addr_net_t  zoom_addr_inner6[] = {
    { { 0x20, 0x01 }, 23 },          /* protocols of the IETF, Teredo */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },  /* documentation */
    { { 0x3f, 0xff }, 20 }           /* documentation */
};


/* An IPv4 address is in these, at "at". */

static const struct {
    zoom_addr_net_t       net;
    size_t                at;
} zoom_addr_mapped[] = {
    { { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 96 }, 12 },
    { { { 0, 0x64, 0xff, 0x9b }, 96 }, 12 },     /* NAT64 */
    { { { 0x20, 0x02 }, 16 }, 2 }                /* 6to4 */
};


int
zoom_addr_public4(const unsigned char addr[4])
{
    size_t  i;

    for (i = 0; i < sizeof(zoom_addr_inner4) / sizeof(zoom_addr_inner4[0]);
         i++)
    {
        if (zoom_addr_in(addr, &zoom_addr_inner4[i])) {
            return 0;
        }
    }

    return 1;
}


int
zoom_addr_public6(const unsigned char addr[16])
{
    size_t  i;

    for (i = 0; i < sizeof(zoom_addr_mapped) / sizeof(zoom_addr_mapped[0]);
         i++)
    {
        if (zoom_addr_in(addr, &zoom_addr_mapped[i].net)) {
            return zoom_addr_public4(addr + zoom_addr_mapped[i].at);
        }
    }

    if (!zoom_addr_in(addr, &zoom_addr_global6)) {
        return 0;
    }

    for (i = 0; i < sizeof(zoom_addr_inner6) / sizeof(zoom_addr_inner6[0]);
         i++)
    {
        if (zoom_addr_in(addr, &zoom_addr_inner6[i])) {
            return 0;
        }
    }

    return 1;
}


static int
zoom_addr_in(const unsigned char *addr, const zoom_addr_net_t *net)
{
    size_t    bytes;
    unsigned  rest;

    bytes = net->bits / 8;
    rest = net->bits % 8;

    if (memcmp(addr, net->addr, bytes) != 0) {
        return 0;
    }

    return rest == 0 || (addr[bytes] ^ net->addr[bytes]) >> (8 - rest) == 0;
}
