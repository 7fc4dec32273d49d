/*
 * What a caller of the gateway has asked for, in words for an audit log.
 *
 * Whoever sends the path chooses its bytes: none of them but letters, digits
 * and "-._~@+:=" is written as it is, so that no log can be forged.
 */

#ifndef ZOOM_AUDIT_H_INCLUDED
#define ZOOM_AUDIT_H_INCLUDED


#include "zoom_endpoint.h"


/*
 * What zoom_audit_endpoint() appends at most to a path of "len" bytes, and
 * zoom_audit_text() to a text of "len" bytes.
 */

#define zoom_audit_endpoint_size(len)  (ZOOM_ENDPOINT_MAX * 2 + 3 * (len))
#define zoom_audit_text_size(len)      (3 * (len))


/*
 * Appends "GET /meetings/{meetingId}" and, if there are parameters, their
 * values as " (meetingId=123)".  The value of a parameter whose name does not
 * say that it is an id, an address, a number or a type is "***".
 */

void zoom_audit_endpoint(zoom_buf_t *b, const zoom_endpoint_t *endpoint,
    const zoom_path_t *path);

/* Appends "text", all that is not as above percent-encoded. */
void zoom_audit_text(zoom_buf_t *b, zoom_str_t text);


#endif /* ZOOM_AUDIT_H_INCLUDED */
