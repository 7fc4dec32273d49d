/*
 * Base64, strict: alphabet, padding and trailing bits are checked, white
 * space is refused.  OpenSSL's decoder trims white space, ignores trailing
 * bits and writes padding out as bytes, hence one of our own.
 */

#ifndef ZOOM_BASE64_H_INCLUDED
#define ZOOM_BASE64_H_INCLUDED


#include "zoom_string.h"


/* RFC 4648 section 4, with padding.  Appends to "b". */
void zoom_base64_encode(zoom_buf_t *b, const void *data, size_t len);

/*
 * 0 on success, -1 if "s" is not standard base64 with padding, or does not
 * fit, which sets b->overflow.  Appends to "b", nothing on failure.  The
 * empty string decodes to nothing.
 */

int zoom_base64_decode(zoom_buf_t *b, zoom_str_t s);

/* RFC 4648 section 5, without padding (JWS, RFC 7515).  0 or -1 as above. */
void zoom_base64url_encode(zoom_buf_t *b, const void *data, size_t len);
int zoom_base64url_decode(zoom_buf_t *b, zoom_str_t s);

/* How many characters of the alphabet of section 5 "s" begins with. */
size_t zoom_base64url_span(zoom_str_t s);


#endif /* ZOOM_BASE64_H_INCLUDED */
