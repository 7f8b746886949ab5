"""Django's administration, and a page of Django REST framework that says who asks."""

from django.contrib import admin
from django.urls import path
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView


class WhoAmI(APIView):
    authentication_classes = [SessionAuthentication, TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response(request.user.get_username())


urlpatterns = [path("admin/", admin.site.urls), path("whoami/", WhoAmI.as_view())]
