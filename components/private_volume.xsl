<?xml version="1.0"?>
<!-- A guest's own volumes hold its keys and data: no other account of the machine reads them. libvirt gives the
     file to QEMU when the guest starts. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes" indent="yes"/>
  <xsl:template match="node()|@*">
    <xsl:copy><xsl:apply-templates select="node()|@*"/></xsl:copy>
  </xsl:template>
  <xsl:template match="/volume/target">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()[not(self::permissions)]"/>
      <permissions><mode>0600</mode></permissions>
    </xsl:copy>
  </xsl:template>
</xsl:stylesheet>
