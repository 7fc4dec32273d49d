/* What platforms that use GET say in their arguments. */

#ifndef _NGX_HTTP_ZOOM_QUERY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_QUERY_H_INCLUDED_


#include "ngx_http_zoom_callback.h"
#include "zoom_json.h"


/*
 * Makes cb->parsed and cb->bot_id of the arguments bot_id or bot_uuid, extra
 * (the metadata, JSON), and meeting_url, meeting_number or meeting_id; others
 * are ignored.  "doc" is scratch.  ZOOM_OK, ZOOM_E_BAD_CALLBACK or
 * ZOOM_E_INTERNAL; "*why" then tells the log.
 */

zoom_error_e ngx_http_zoom_query_read(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb, zoom_json_doc_t *doc, const char **why);


#endif /* _NGX_HTTP_ZOOM_QUERY_H_INCLUDED_ */
