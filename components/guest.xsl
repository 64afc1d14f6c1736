<?xml version="1.0"?>
<!-- What a domain's processor needs and has no input of its own for; @ELEMENTS@ are cpu and features. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes" indent="yes"/>
  <xsl:template match="node()|@*">
    <xsl:copy><xsl:apply-templates select="node()|@*"/></xsl:copy>
  </xsl:template>
  <xsl:template match="/domain">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()[not(self::cpu or self::features)]"/>
      @ELEMENTS@
    </xsl:copy>
  </xsl:template>
</xsl:stylesheet>
