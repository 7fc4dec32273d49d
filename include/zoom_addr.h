/*
 * Addresses that are of the Internet, and those of this machine and of the
 * networks around it, where nobody from outside may send us.
 */

#ifndef ZOOM_ADDR_H_INCLUDED
#define ZOOM_ADDR_H_INCLUDED


/*
 * 1 if anybody's host may have it: not loopback, private, link-local, shared,
 * reserved or multicast.  In network byte order.
 */

int zoom_addr_public4(const unsigned char addr[4]);

/* Likewise; an IPv4 address inside of an IPv6 one is what counts. */
int zoom_addr_public6(const unsigned char addr[16]);


#endif /* ZOOM_ADDR_H_INCLUDED */
