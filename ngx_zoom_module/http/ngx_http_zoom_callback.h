/*
 * What a request says: its arguments and its body, and what these are as a
 * callback.
 */

#ifndef _NGX_HTTP_ZOOM_CALLBACK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CALLBACK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "zoom_callback.h"
#include "zoom_error.h"
#include "zoom_join.h"
#include "zoom_json.h"


typedef struct {
    ngx_str_t                    args;       /* as sent, with its secrets */
    ngx_str_t                    masked;     /* and what nginx has now */

    ngx_str_t                    body;
    zoom_callback_t             *parsed;     /* never NULL when ready */
    zoom_join_t                 *join;       /* NULL: not for zoom_join */
    ngx_str_t                    bot_id;
} ngx_http_zoom_callback_t;


/*
 * The arguments are overwritten early, and looked at again by a later handler
 * of the same request: a copy of what was sent, which is to be wiped in the
 * end.
 */

ngx_int_t ngx_http_zoom_callback_keep_args(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb);
ngx_str_t *ngx_http_zoom_callback_args(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb);
void ngx_http_zoom_callback_wipe_args(ngx_http_zoom_callback_t *cb);

/* One request at a time looks at its JSON, and is done before the next. */
extern zoom_json_doc_t  ngx_http_zoom_callback_doc;

/*
 * Makes cb->parsed of a scanned body, which must live as long as the request,
 * or with NULL the callback that says nothing.  ZOOM_OK, ZOOM_E_BAD_CALLBACK
 * or ZOOM_E_INTERNAL; "*why" then tells the log.
 */

zoom_error_e ngx_http_zoom_callback_parse(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb, const zoom_json_doc_t *doc,
    const char **why);


#endif /* _NGX_HTTP_ZOOM_CALLBACK_H_INCLUDED_ */
