/*
 * The owner's part of a flight: get an access token, keep to Zoom's limits,
 * ask Zoom, judge the answer, try again where that may help.
 */

#ifndef _NGX_HTTP_ZOOM_MINT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_MINT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_kind.h"


/* The "run" of a flight whose order is a ngx_http_zoom_mint_order_t. */
void ngx_http_zoom_mint_run(ngx_http_zoom_flight_t *flight);

/*
 * Why there is no token yet: the trouble of the flight itself, or of the one
 * that it waits for; ZOOM_E_TIMEOUT if it is just slow.
 */

zoom_error_e ngx_http_zoom_mint_trouble(ngx_http_zoom_flight_t *flight);


#endif /* _NGX_HTTP_ZOOM_MINT_H_INCLUDED_ */
