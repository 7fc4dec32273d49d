/*
 * Records that are sealed where they lie: AES-256-GCM (NIST SP 800-38D), bound
 * to the name of the record, so that one can't be put in another's place.
 *
 *     version (1 byte, 1)  nonce (12)  ciphertext  tag (16)
 *
 * The additional data are the version and the name.
 */

#ifndef ZOOM_SEAL_H_INCLUDED
#define ZOOM_SEAL_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_SEAL_KEY_LEN    32
#define ZOOM_SEAL_NONCE_LEN  12
#define ZOOM_SEAL_TAG_LEN    16
#define ZOOM_SEAL_EXTRA      (1 + ZOOM_SEAL_NONCE_LEN + ZOOM_SEAL_TAG_LEN)
#define ZOOM_SEAL_KEYS_MAX   8


/* The first one seals, any of them opens. */

typedef struct {
    unsigned char         keys[ZOOM_SEAL_KEYS_MAX][ZOOM_SEAL_KEY_LEN];
    size_t                n;
} zoom_seal_t;


/*
 * Adds the key that "base64" spells (RFC 4648 section 4, of 32 bytes).  NULL,
 * or why it can't be used, to follow "the key ...".
 */

const char *zoom_seal_key(zoom_seal_t *seal, zoom_str_t base64);

/*
 * Appends "plain", sealed with the first key under a nonce of the caller's:
 * ZOOM_SEAL_NONCE_LEN random bytes, never used twice.  0, or -1: no room, which
 * sets b->overflow, or OpenSSL failed.  ZOOM_SEAL_EXTRA bytes longer.
 */

int zoom_seal(zoom_buf_t *b, const zoom_seal_t *seal,
    const unsigned char *nonce, zoom_str_t name, zoom_str_t plain);

/*
 * Appends what was sealed under that name.  The index of the key that opened
 * it, or -1: none does, or it is of another version, cut or changed; nothing is
 * appended then.
 */

int zoom_open(zoom_buf_t *b, const zoom_seal_t *seal, zoom_str_t name,
    zoom_str_t sealed);


#endif /* ZOOM_SEAL_H_INCLUDED */
