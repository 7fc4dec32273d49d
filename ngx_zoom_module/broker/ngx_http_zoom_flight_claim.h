/*
 * A flight over all hosts: before it takes off the store is asked for what
 * others may have brought, or are about to.
 */

#ifndef _NGX_HTTP_ZOOM_FLIGHT_CLAIM_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FLIGHT_CLAIM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_publish.h"


/*
 * NGX_OK: take off now.  NGX_AGAIN: the store was asked; the job's "run" will
 * be called, or the flight lands with what another host has brought.
 */

ngx_int_t ngx_http_zoom_flight_claim(ngx_http_zoom_flight_t *flight);

/*
 * Our flight has ended, with that or without anything that others could use.
 * Harmless without a claim.
 */

void ngx_http_zoom_flight_claim_land(ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_result_t *result);

/*
 * By what a value is known again when another host brings it.  0 where hosts
 * share none: this costs more than all else that publishing does.
 */

uint32_t ngx_http_zoom_flight_claim_sum(const ngx_str_t *value);


#endif /* _NGX_HTTP_ZOOM_FLIGHT_CLAIM_H_INCLUDED_ */
