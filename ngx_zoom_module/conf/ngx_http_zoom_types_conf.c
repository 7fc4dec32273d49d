/*
 * The directives zoom_types and zoom_join_token.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_choice.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_types_conf.h"
#include "zoom_join.h"


static char *ngx_http_zoom_unknown_type(ngx_conf_t *cf, ngx_str_t *value);


char *
ngx_http_zoom_set_types(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t          *value;
    ngx_uint_t          i;
    zoom_token_type_e   type, *p;

    if (zlcf->types != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    zlcf->types = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                   sizeof(zoom_token_type_e));
    if (zlcf->types == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "none") == 0) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        type = zoom_token_type_find(ngx_http_zoom_str(&value[i]));

        if (type == ZOOM_NTOKEN_TYPES) {
            return ngx_http_zoom_unknown_type(cf, &value[i]);
        }

        if (ngx_http_zoom_types_have(zlcf->types, type)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate token type \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        p = ngx_array_push(zlcf->types);
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        *p = type;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_set_join_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    char       *rc;
    ngx_str_t  *value;

    rc = ngx_http_set_complex_value_slot(cf, cmd, conf);

    if (rc != NGX_CONF_OK || zlcf->join_token->lengths) {
        return rc;
    }

    value = &zlcf->join_token->value;

    if (zoom_join_choice(ngx_http_zoom_str(value)) == ZOOM_JOIN_NO_CHOICE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be \"zak\", "
                           "\"onbehalf\" or \"auto\"", value);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_unknown_type(ngx_conf_t *cf, ngx_str_t *value)
{
    size_t      len;
    u_char      text[NGX_HTTP_ZOOM_CHOICE_MAX];
    ngx_str_t   names[ZOOM_NTOKEN_TYPES];
    ngx_uint_t  i;

    for (i = 0; i < ZOOM_NTOKEN_TYPES; i++) {
        names[i].data = (u_char *) zoom_token_types[i].name;
        names[i].len = ngx_strlen(names[i].data);
    }

    len = ngx_http_zoom_choice(text, names, sizeof(ngx_str_t),
                               ZOOM_NTOKEN_TYPES);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown token type \"%V\", it must be %*s, or "
                       "\"none\" alone", value, len, text);

    return NGX_CONF_ERROR;
}


ngx_array_t *
ngx_http_zoom_types_default(ngx_conf_t *cf)
{
    ngx_array_t        *types;
    zoom_token_type_e  *type;

    types = ngx_array_create(cf->pool, 1, sizeof(zoom_token_type_e));
    if (types == NULL) {
        return NULL;
    }

    type = ngx_array_push(types);
    if (type == NULL) {
        return NULL;
    }

    *type = ZOOM_ZAK;

    return types;
}


ngx_uint_t
ngx_http_zoom_types_of_user(const ngx_array_t *types)
{
    ngx_uint_t          i;
    zoom_token_type_e  *type;

    type = types->elts;

    for (i = 0; i < types->nelts; i++) {
        if (zoom_token_types[type[i]].of_user) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_zoom_types_have(const ngx_array_t *types, zoom_token_type_e type)
{
    ngx_uint_t          i;
    zoom_token_type_e  *p;

    p = types->elts;

    for (i = 0; i < types->nelts; i++) {
        if (p[i] == type) {
            return 1;
        }
    }

    return 0;
}


const char *
ngx_http_zoom_types_guarded(const ngx_array_t *types)
{
    ngx_uint_t          i;
    zoom_token_type_e  *type;

    type = types->elts;

    for (i = 0; i < types->nelts; i++) {
        if (zoom_token_type_guarded(type[i])) {
            return zoom_token_types[type[i]].name;
        }
    }

    return NULL;
}
