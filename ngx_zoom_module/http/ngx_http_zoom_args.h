/*
 * Arguments of a request: found by their exact name, and overwritten.
 */

#ifndef _NGX_HTTP_ZOOM_ARGS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ARGS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "zoom_query.h"


/*
 * How often "name" stands among the arguments, spelled exactly so; "value" is
 * that of the last, as it was sent, and untouched if there is none.
 */

ngx_uint_t ngx_http_zoom_arg(const ngx_str_t *args, const ngx_str_t *name,
    ngx_str_t *value);

/*
 * Overwrites the values of these "n" wherever nginx keeps the arguments: the
 * logs see them after us.
 */

void ngx_http_zoom_args_mask(ngx_http_request_t *r,
    const zoom_hidden_t *hidden, ngx_uint_t n);

/* Overwrites a secret that was sent under another name. */
void ngx_http_zoom_args_mask_secret(ngx_http_request_t *r,
    const ngx_str_t *secret);


#endif /* _NGX_HTTP_ZOOM_ARGS_H_INCLUDED_ */
